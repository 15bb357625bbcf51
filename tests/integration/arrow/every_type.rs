//! Every type and shape comes back as it was put, from shared memory, and takes no more of it than its buffers.

use arrow_array::{Array, ArrayRef, RecordBatch as Batch};
use arrow_schema::{DataType, Field, Schema};
use vineyard_core::{Client, Object, ObjectId};
use vineyard_tests::random::Random;
use vineyard_tests::{TestResult, TestServer, arrays, on_stock};
use vineyard_types::arrow::{ArrowArray, RecordBatch, Table};

/// The buffers of an array's data, children included.
fn buffers(array: &dyn Array) -> Vec<arrow_buffer::Buffer> {
    fn collect(data: &arrow_data::ArrayData, found: &mut Vec<arrow_buffer::Buffer>) {
        found.extend(data.nulls().map(|nulls| nulls.buffer().clone()));
        found.extend(data.buffers().iter().cloned());
        data.child_data().iter().for_each(|child| collect(child, found));
    }
    let mut found = Vec::new();
    collect(&array.to_data(), &mut found);
    found.retain(|buffer| !buffer.is_empty());
    found
}

fn memory(client: &Client) -> Result<u64, vineyard_core::Error> {
    Ok(client.instance_status()?.memory_usage)
}

fn check(client: &Client, array: &ArrayRef, what: &str) -> Result<ObjectId, Box<dyn std::error::Error>> {
    let stored = ArrowArray::from_arrow(array);
    let before = memory(client)?;
    let id = client.put(&stored).map_err(|error| format!("{what}: {error}"))?;
    let used = memory(client)? - before;
    let got = client.get::<ArrowArray>(id).map_err(|error| format!("{what}: {error}"))?;
    let back = got.to_arrow().map_err(|error| format!("{what}: {error}"))?;
    assert_eq!(back.data_type(), array.data_type(), "{what}");
    assert_eq!(back.to_data(), array.to_data(), "{what}");
    assert_eq!(got.len(), array.len(), "{what}");
    assert_eq!(got.meta().nbytes(), stored.nbytes() as u64, "{what}");
    if !on_stock() {
        assert_eq!(used, stored.nbytes() as u64, "{what}: memory is taken for the buffers and nothing else");
    }
    // Nothing was copied out, but for what Arrow itself makes anew: no bytes at all.
    let copied: Vec<usize> = buffers(&back).iter().map(|buffer| buffer.as_ptr().addr()).collect();
    let blobs = blobs_below(client, id)?;
    for address in copied {
        assert!(blobs.iter().any(|blob| blob.arena_contains(address)), "{what}: a buffer is not in shared memory");
    }
    Ok(id)
}

fn blobs_below(client: &Client, id: ObjectId) -> Result<Vec<vineyard_core::Blob>, Box<dyn std::error::Error>> {
    fn collect(meta: &vineyard_core::ObjectMeta, found: &mut Vec<vineyard_core::Blob>) {
        for key in meta.member_keys() {
            match meta.blob(key) {
                Ok(blob) => found.push(blob),
                Err(_) => meta.member(key).iter().for_each(|member| collect(member, found)),
            }
        }
    }
    let mut found = Vec::new();
    collect(client.get::<vineyard_core::Opaque>(id)?.meta(), &mut found);
    Ok(found)
}

#[test]
fn every_type_comes_back() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let mut random = Random::new(1);
    for data_type in arrays::numbers() {
        for len in [0, 1, 77] {
            let array = arrays::array(&mut random, &data_type, len)?;
            check(&client, &array, &format!("{data_type}, {len} elements"))?;
        }
    }
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let depth = 1 + random.below(4);
        let data_type = arrays::data_type(&mut random, depth);
        let len = if seed % 7 == 0 { 0 } else { random.below(60) };
        let array = arrays::array(&mut random, &data_type, len)?;
        let id = check(&client, &array, &format!("seed {seed}: {data_type}, {len} elements"))?;
        client.delete(id)?;
    }
    Ok(())
}

#[test]
fn batches_and_tables_of_every_type_come_back() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let fields = (0..random.below(5)).map(|index| {
            let metadata = [("index".to_owned(), index.to_string())];
            Field::new(format!("c{index}"), arrays::data_type(&mut random, 3), true).with_metadata(metadata)
        });
        let metadata = [("seed".to_owned(), seed.to_string())];
        let schema = Schema::new_with_metadata(fields.collect::<Vec<_>>(), metadata).into();
        let batches = (0..random.below(3)).map(|_| batch(&mut random, &schema)).collect::<Result<Vec<_>, _>>()?;
        for batch in &batches {
            let id = client.put(&RecordBatch::from_arrow(batch)?)?;
            assert_eq!(&client.get::<RecordBatch>(id)?.to_arrow()?, batch, "seed {seed}");
        }
        let id = client.put(&Table::from_arrow(&schema, &batches)?)?;
        let got = client.get::<Table>(id)?;
        assert_eq!((got.schema()?, got.to_arrow()?), (schema, batches), "seed {seed}");
    }
    server.stop();
    Ok(())
}

fn batch(random: &mut Random, schema: &arrow_schema::SchemaRef) -> Result<Batch, arrow_schema::ArrowError> {
    let rows = random.below(30);
    let columns = schema.fields().iter().map(|field| arrays::array(random, field.data_type(), rows));
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    Batch::try_new_with_options(schema.clone(), columns.collect::<Result<_, _>>()?, &options)
}

#[test]
fn each_type_has_its_form_and_its_resolver() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let item = |data_type| Field::new_list_field(data_type, true).into();
    let forms = [
        (DataType::Int32, "vineyard::NumericArray<int>"),
        (DataType::Float32, "vineyard::NumericArray<float32>"),
        (DataType::Boolean, "vineyard::BooleanArray"),
        (DataType::Null, "vineyard::NullArray"),
        (DataType::FixedSizeBinary(3), "vineyard::FixedSizeBinaryArray"),
        (DataType::Utf8, "vineyard::BaseBinaryArray<arrow::StringArray>"),
        (DataType::LargeBinary, "vineyard::BaseBinaryArray<arrow::LargeBinaryArray>"),
        (DataType::List(item(DataType::Utf8)), "vineyard::BaseListArray<arrow::ListArray>"),
        (DataType::LargeList(item(DataType::Int8)), "vineyard::LargeListArray"),
        (DataType::LargeList(Field::new("x", DataType::Int8, true).into()), "vineyard::ArrowArray"),
        (DataType::Decimal128(3, 1), "vineyard::ArrowArray"),
    ];
    for (data_type, typename) in forms {
        let array = arrays::array(&mut Random::new(3), &data_type, 9)?;
        let id = client.put(&ArrowArray::from_arrow(&array))?;
        let any = client.get_any(id)?;
        assert_eq!(any.meta().typename(), typename, "{data_type}");
        let got = any.downcast::<ArrowArray>().map_err(|any| format!("{any:?} has no resolver"))?;
        assert_eq!(&got.to_arrow()?, &array);
    }
    // Large strings are an older type of ours, and an array all the same.
    let array = arrays::array(&mut Random::new(3), &DataType::LargeUtf8, 9)?;
    let id = client.put(&ArrowArray::from_arrow(&array))?;
    assert_eq!(client.get::<vineyard_types::StringArray>(id)?.len(), 9);
    assert_eq!(&client.get::<ArrowArray>(id)?.to_arrow()?, &array);
    assert_eq!(ArrowArray::typename().as_str(), "vineyard::ArrowArray");
    Ok(())
}

#[test]
fn arrays_outlive_object_and_client() -> TestResult {
    let server = TestServer::start();
    let array = arrays::array(&mut Random::new(5), &DataType::LargeUtf8, 100)?;
    let client = server.client()?;
    let id = client.put(&ArrowArray::from_arrow(&array))?;
    let got = client.get::<ArrowArray>(id)?.to_arrow()?;
    // The published daemon gives the memory of deleted blobs to others at once.
    if !on_stock() {
        client.delete(id)?;
    }
    drop(client);
    server.client()?.put(&vineyard_types::Tensor::<u8>::from(vec![0; 1 << 20]))?;
    assert_eq!(&got, &array);
    Ok(())
}
